#!/usr/bin/env python3
"""Cuts the methods that keylapse calls out of the machine-readable description of the Bot API.

    python3 tests/data/excerpt-telegram-bot-api.py api.json > tests/data/telegram-bot-api.json

api.json is that of the public repository PaulSonOfLars/telegram-bot-api-spec (MIT, see
telegram-bot-api.LICENSE). Names, types and what is required, without the words; nothing is changed
in them, but of a type that is one of several only those in TYPES are kept. METHODS must name every
method of the fake in tests/it/fakes/telegram, TYPES what keylapse puts into them.
"""
import hashlib, json, sys

METHODS = [
    "getMe",
    "getUpdates",
    "getWebhookInfo",
    "deleteWebhook",
    "sendMessage",
    "editMessageText",
    "editMessageReplyMarkup",
    "answerCallbackQuery",
    "deleteMessage",
    "getChatMember",
    "getChat",
    "getChatMemberCount",
    "getMyCommands",
    "setMyCommands",
    "deleteMyCommands",
]
TYPES = [
    "LinkPreviewOptions",
    "InlineKeyboardMarkup",
    "InlineKeyboardButton",
    "ReplyParameters",
    "BotCommand",
    "BotCommandScope",
    "BotCommandScopeDefault",
    "BotCommandScopeAllPrivateChats",
    "BotCommandScopeAllGroupChats",
    "BotCommandScopeAllChatAdministrators",
]

raw = open(sys.argv[1], "rb").read()
spec = json.loads(raw)


def fields(described, indent):
    lines = []
    for field in described.get("fields", []):
        kept = {"types": field["types"]} | ({"required": True} if field["required"] else {})
        lines.append(f"{indent}  {json.dumps(field['name'])}: {json.dumps(kept)}")
    return "{\n" + (",\n".join(lines) + "\n" if lines else "") + indent + "}"


def kind(name):
    described = spec["types"][name]
    if described.get("subtypes"):
        return json.dumps({"subtypes": [one for one in described["subtypes"] if one in TYPES]})
    return '{"fields": ' + fields(described, "    ") + "}"


methods = [f"    {json.dumps(name)}: {fields(spec['methods'][name], '    ')}" for name in METHODS]
types = [f"    {json.dumps(name)}: {kind(name)}" for name in TYPES]
source = "An excerpt of the machine-readable Bot API description by Paul Larsen (MIT, see telegram-bot-api.LICENSE)"
print("{")
print('  "source": ' + json.dumps(source) + ",")
print(f'  "sha256": "{hashlib.sha256(raw).hexdigest()}",')
print('  "version": ' + json.dumps(spec["version"]) + ",")
print('  "methods": {\n' + ",\n".join(methods) + "\n  },")
print('  "types": {\n' + ",\n".join(types) + "\n  }")
print("}")
