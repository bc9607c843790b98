"""What Carillon does, one verb per file: services join the domain and the ports and know no adapter."""
