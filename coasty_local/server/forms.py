"""The bodies of the calls that look at pictures: predict, ground and sessions."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from coasty_local.server.bodies import Body, Int, Llm

PHYSICAL = ("click", "type_text", "key_press", "key_combo", "scroll", "drag", "move", "wait")
LARGEST_BODY = 64 * 1024 * 1024  # a picture and a trajectory of twenty

Engine = Literal["v1", "v3", "v4", "v5"]
Tool = Literal["click", "type_text", "key_press", "key_combo", "scroll", "drag", "move", "wait"]
Width = Annotated[Int, Field(ge=320, le=3840)]
Height = Annotated[Int, Field(ge=240, le=2160)]
Prompt = Annotated[str, Field(max_length=16_000)]
Instruction = Annotated[str, Field(min_length=1, max_length=32_000)]


def _different(value: list[str]) -> list[str]:
    if len(set(value)) < len(value):
        raise ValueError("each tool once")
    return value


Tools = Annotated[list[Tool], Field(min_length=1, max_length=8), AfterValidator(_different)]


class Ground(Body):
    screenshot: str
    element: Instruction
    screen_width: Width | None = None
    screen_height: Height | None = None


class TakenAction(BaseModel):
    """An act of a trajectory: read leniently, since clients send back what they were given, and more."""

    model_config = ConfigDict(extra="allow", strict=True)

    action_type: Annotated[str, Field(min_length=1, max_length=64)]
    params: dict[str, Any] = Field(default_factory=dict)


class Moment(Body):
    screenshot: str
    actions: Annotated[list[TakenAction], Field(max_length=10)] | None = None
    reasoning: Prompt | None = None


class Predict(Body):
    screenshot: str
    instruction: Instruction
    cua_version: Engine | None = None
    model: str | None = None
    system_prompt: Prompt | None = None
    instructions: Prompt | None = None
    screen_width: Width | None = None
    screen_height: Height | None = None
    trajectory: Annotated[list[Moment], Field(max_length=20)] | None = None
    max_actions: Annotated[Int, Field(ge=1, le=10)] = 5
    tools: Tools | None = None
    include_reasoning: bool = True
    include_raw_code: bool = True
    llm: Llm | None = None


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) > 32 or len(json.dumps(value, ensure_ascii=False).encode()) > 16_384:
        raise ValueError("at most 32 properties and 16384 bytes")
    return value


class SessionCreate(Body):
    cua_version: Engine | None = None
    model: str | None = None
    screen_width: Width = 1920
    screen_height: Height = 1080
    max_trajectory_length: Annotated[Int, Field(ge=1, le=20)] = 3
    system_prompt: Prompt | None = None
    instructions: Prompt | None = None
    tools: Tools | None = None
    metadata: Annotated[dict[str, Any], AfterValidator(_small)] | None = None
    llm: Llm | None = None


class SessionPredict(Body):
    screenshot: str
    instruction: Instruction
    include_reasoning: bool = True
    include_raw_code: bool = True
