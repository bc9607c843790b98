"""The stores over DynamoDB: one file per access pattern's table, one per row's shape."""
