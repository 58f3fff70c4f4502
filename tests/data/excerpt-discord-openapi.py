#!/usr/bin/env python3
"""Cuts the calls that keylapse makes out of Discord's published OpenAPI document.

    python3 tests/data/excerpt-discord-openapi.py openapi.json > tests/data/discord-openapi.json

openapi.json is specs/openapi.json of the public repository discord/discord-api-spec (MIT, see
discord-openapi.LICENSE). Request bodies as JSON only, the schemas that they reach, one a line;
nothing is changed in them. `calls` must name every call of the fake in tests/it/fakes/discord.
"""
import hashlib, json, sys

CALLS = [
    ("GET", "/gateway"),
    ("GET", "/gateway/bot"),
    ("GET", "/users/@me"),
    ("GET", "/users/@me/guilds"),
    ("GET", "/applications/@me"),
    ("GET", "/guilds/{guild_id}"),
    ("GET", "/channels/{channel_id}"),
    ("GET", "/oauth2/applications/@me"),
    ("GET", "/guilds/{guild_id}/members/{user_id}"),
    ("GET", "/channels/{channel_id}/messages"),
    ("POST", "/channels/{channel_id}/messages"),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"),
    ("GET", "/applications/{application_id}/commands"),
    ("PUT", "/applications/{application_id}/commands"),
    ("GET", "/applications/{application_id}/guilds/{guild_id}/commands"),
    ("PUT", "/applications/{application_id}/guilds/{guild_id}/commands"),
    ("POST", "/interactions/{interaction_id}/{interaction_token}/callback"),
    ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original"),
    ("DELETE", "/webhooks/{webhook_id}/{webhook_token}/messages/@original"),
]
PREFIX = "#/components/schemas/"

raw = open(sys.argv[1], "rb").read()
spec = json.loads(raw)
schemas = spec["components"]["schemas"]
reached = {}


def reach(value):
    if isinstance(value, list):
        for item in value:
            reach(item)
    elif isinstance(value, dict):
        name = str(value.get("$ref", "")).removeprefix(PREFIX)
        if name and name not in reached:
            reached[name] = schemas[name]
            reach(schemas[name])
        for item in value.values():
            reach(item)


def call(method, path):
    route = spec["paths"][path]
    operation = route[method.lower()]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    reach(body)
    parameters = route.get("parameters", []) + operation.get("parameters", [])
    query = sorted(one["name"] for one in parameters if one.get("in") == "query")
    return {"method": method, "path": path, "query": query, "body": body}


calls = [call(method, path) for method, path in CALLS]
one_a_line = lambda lines: ",\n".join("    " + line for line in lines)
print("{")
print('  "source": ' + json.dumps("An excerpt of Discord's OpenAPI document (MIT, see discord-openapi.LICENSE)") + ",")
print(f'  "sha256": "{hashlib.sha256(raw).hexdigest()}",')
print('  "calls": [\n' + one_a_line(json.dumps(one) for one in calls) + "\n  ],")
print('  "schemas": {\n' + one_a_line(f"{json.dumps(n)}: {json.dumps(reached[n])}" for n in sorted(reached)) + "\n  }")
print("}")
