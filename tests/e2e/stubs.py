"""A small stack with stub functions, written into a folder: what the machinery's tests run on."""

from pathlib import Path

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, CodeUri: code/, Timeout: 60}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: k, AttributeType: S}]
      KeySchema: [{AttributeName: k, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
  Seen: {Type: AWS::SQS::Queue}
  Failures: {Type: AWS::SQS::Queue}
  Dead: {Type: AWS::SQS::Queue}
  Work:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 360, RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2}}
  Plain:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-plain"
      Handler: app.plain
      Environment: {Variables: {SEEN_URL: !Ref Seen, SHARDS: 4}}
      Events: {All: {Type: HttpApi}}
  Hasty:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-hasty"
      Handler: app.plain
      Timeout: 5
      Environment: {Variables: {SEEN_URL: !Ref Seen, SHARDS: 4}}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-worker"
      Handler: app.worker
      Environment: {Variables: {SEEN_URL: !Ref Seen, WORK_URL: !Ref Work}}
      Events:
        Work:
          Type: SQS
          Properties: {Queue: !GetAtt Work.Arn, FunctionResponseTypes: [ReportBatchItemFailures]}
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-reader"
      Handler: app.reader
      Environment: {Variables: {SEEN_URL: !Ref Seen}}
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            BatchSize: 10
            StartingPosition: TRIM_HORIZON
            MaximumRetryAttempts: 1
            BisectBatchOnFunctionError: true
            DestinationConfig: {OnFailure: {Destination: !GetAtt Failures.Arn}}
            FilterCriteria:
              Filters: [{Pattern: '{"dynamodb": {"NewImage": {"ended_at": {"N": [{"exists": true}]}}}}'}]
  Broken:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub "${AWS::StackName}-broken", Handler: missing.handle}
"""

CODE = """
import json, os, subprocess, sys, time
import boto3

sqs = boto3.client("sqs")


def say(what):
    sqs.send_message(QueueUrl=os.environ["SEEN_URL"], MessageBody=json.dumps(what))


def plain(event, context):
    print("asked", event)
    if event.get("exit"):
        os._exit(event["exit"])
    if event.get("child"):
        return {"child": subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid}
    if event.get("fail"):
        raise ValueError(event["fail"])
    time.sleep(event.get("sleep", 0))
    if event.get("call"):
        boto3.client("lambda").invoke(
            FunctionName=context.function_name, InvocationType="Event", Payload=json.dumps({"tell": event["call"]})
        )
    if event.get("tell"):
        say({"told": event["tell"]})
    return {"left_ms": context.get_remaining_time_in_millis(), "pid": os.getpid(), "shards": os.environ["SHARDS"]}


def worker(event, context):
    for body in [record["body"] for record in event["Records"]]:
        say({"worked": body})
        if body == "loop":
            sqs.send_message(QueueUrl=os.environ["WORK_URL"], MessageBody="loop")
    poison = [record for record in event["Records"] if record["body"] == "poison"]
    for record in poison:
        # Shown again at once, so that no test has to wait for the timeout.
        sqs.change_message_visibility(
            QueueUrl=os.environ["WORK_URL"], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
        )
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in poison]}


def reader(event, context):
    keys = [record["dynamodb"]["Keys"]["k"]["S"] for record in event["Records"]]
    for key in keys:
        say({"read": key})
    if "poison" in keys:
        raise ValueError("poison")
"""


def write_stack(folder: Path) -> Path:
    """Write template and code; give the template's path."""
    code = folder / "code"
    code.mkdir()
    (code / "app.py").write_text(CODE, encoding="utf-8")
    template = folder / "template.yaml"
    template.write_text(TEMPLATE, encoding="utf-8")
    return template
