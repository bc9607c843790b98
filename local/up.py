"""`python -m local up`: keeps the stack running and says how to use it."""

import time

from local.stack import LaptopCloud, Plan


def up(port: int) -> int:
    """Run until Ctrl-C."""
    with LaptopCloud(Plan(port=port)) as cloud:
        if port and not cloud.url.endswith(f":{port}"):
            print(f"Port {port} is taken; the API has another one.")
        admin = cloud.invoke("operator", {"command": "bootstrap", "user": "admin"})
        print(_welcome(cloud, admin["user"], admin["password"]), flush=True)
        while True:
            time.sleep(3600)


def _welcome(cloud: LaptopCloud, user: str, password: str) -> str:
    login = f"""curl -s {cloud.url}/v1/login -H 'Content-Type: application/json' \\
    -d '{{"user": "{user}", "password": "{password}"}}'"""
    return f"""
  console   {cloud.url}
  API       {cloud.url}/v1     described at {cloud.url}/swagger
  log in    user {user}, password {password}
  a token   {login}
  logs      {cloud.logs}/
  Ctrl-C ends everything; nothing is kept.
"""
