"""The bodies that requests may have: their fields, limits and defaults."""

from __future__ import annotations

import json
import math
import re
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from starlette.concurrency import run_in_threadpool

from coasty_local.runner import webhooks
from coasty_local.server.errors import ApiError, invalid, invalid_at

LARGEST = 2 * 1024 * 1024
LARGEST_PICTURES = 64 * 1024 * 1024  # a picture and a trajectory of twenty
_MUCH = 256 * 1024  # reading more takes so long that others would wait for it
LARGEST_PARAMETERS = 1_000_000  # characters of the JSON of one action's
DEEPEST = 100  # lists and objects inside one another
LARGEST_NUMBER = 2**62

PHYSICAL = ("click", "type_text", "key_press", "key_combo", "scroll", "drag", "move", "wait")
_BYOK = ("x-llm-provider", "x-llm-api-key", "x-llm-model")

T = TypeVar("T", bound="Body")


def _whole(value: Any) -> Any:
    """3.0 is the integer 3 in JSON; true is not 1."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _webhook(url: str) -> str:
    if why := webhooks.refusal(url):
        raise ValueError(why)
    return url


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _fifty(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) > 50:
        raise ValueError("at most 50 keys")
    return value


def _different(value: list[str]) -> list[str]:
    if len(set(value)) < len(value):
        raise ValueError("each tool once")
    return value


Int = Annotated[int, BeforeValidator(_whole)]
Model = Annotated[str, Field(min_length=1, max_length=512)]
Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=128)]
Number = Annotated[float, AfterValidator(_finite)]


Engine = Literal["v1", "v3", "v4", "v5"]
Tool = Literal["click", "type_text", "key_press", "key_combo", "scroll", "drag", "move", "wait"]
Width = Annotated[Int, Field(ge=320, le=3840)]
Height = Annotated[Int, Field(ge=240, le=2160)]
Prompt = Annotated[str, Field(max_length=16_000)]
Instruction = Annotated[str, Field(min_length=1, max_length=32_000)]
Tools = Annotated[list[Tool], Field(min_length=1, max_length=8), AfterValidator(_different)]


class Body(BaseModel):
    """Strict JSON: no unknown fields, no conversions between types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Bounds(Body):
    min_x: Number
    min_y: Number
    max_x: Number
    max_y: Number

    @model_validator(mode="after")
    def _ordered(self) -> Bounds:
        if self.min_x > self.max_x or self.min_y > self.max_y:
            raise ValueError("the minimum lies beyond the maximum")
        return self


class ActionPolicy(Body):
    allowed_actions: Annotated[Names, Field(min_length=1)] | None = None
    blocked_actions: Names | None = None
    blocked_keys: Names | None = None
    block_window_close: bool | None = None
    max_actions: Annotated[Int, Field(ge=1, le=10_000)] | None = None
    coordinate_bounds: Bounds | None = None

    @model_validator(mode="after")
    def _apart(self) -> ActionPolicy:
        if both := set(self.allowed_actions or ()) & set(self.blocked_actions or ()):
            raise ValueError(f"both allowed and blocked: {', '.join(sorted(both))}")
        return self


class Llm(Body):
    provider: str = "managed"  # any other is refused by a code of its own
    model: Model | None = None
    grounding_model: Model | None = None
    compaction_model: Model | None = None
    code_agent_model: Model | None = None


class RunCreate(Body):
    machine_id: Annotated[str, Field(min_length=1, max_length=128)]
    task: Annotated[str, Field(min_length=1, max_length=16_000)]
    cua_version: Engine | None = None
    instructions: Prompt | None = None
    system_prompt: Annotated[str, Field(max_length=32_000)] | None = None
    model: str | None = None
    max_steps: Annotated[Int, Field(ge=1, le=1000)] = 50
    deadline_seconds: Annotated[Int, Field(ge=1, le=86_400)] | None = None
    on_awaiting_human: Literal["pause", "fail", "cancel"] = "pause"
    awaiting_human_timeout_seconds: Annotated[Int, Field(ge=1, le=86_400)] | None = None
    webhook_url: Annotated[str, Field(max_length=2048), AfterValidator(_webhook)] | None = None
    metadata: Annotated[dict[str, Any], AfterValidator(_fifty)] | None = None
    llm: Llm | None = None
    action_policy: ActionPolicy | None = None


class Resume(Body):
    note: Annotated[str, Field(max_length=2000)] | None = None


Label = Annotated[str, Field(max_length=256)]
LabelName = Annotated[str, Field(max_length=64)]


class MachineCreate(Body):
    display_name: Annotated[str, Field(min_length=1, max_length=64)]
    os_type: Literal["linux", "windows"] = "linux"
    desktop_enabled: bool = False
    cpu_cores: Annotated[Int, Field(ge=1, le=16)] | None = None
    memory_gb: Annotated[Int, Field(ge=1, le=64)] | None = None
    storage_gb: Annotated[Int, Field(ge=8, le=500)] | None = None
    restore_from_snapshot: bool | None = None
    ttl_minutes: Annotated[Int, Field(ge=5, le=10_080)] | None = None
    metadata: Annotated[dict[LabelName, Label], Field(max_length=16)] | None = None


def _ttl(value: int) -> int:
    if value != 0 and not 5 <= value <= 10_080:
        raise ValueError("0, or 5 to 10080")
    return value


class MachineUpdate(Body):
    ttl_minutes: Annotated[Int, AfterValidator(_ttl)]


def _megabyte(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value, ensure_ascii=False)) > LARGEST_PARAMETERS:
        raise ValueError("at most 1 MB")
    return value


class ActionRequest(Body):
    command: Annotated[str, Field(min_length=1, max_length=64)]
    parameters: Annotated[dict[str, Any], AfterValidator(_megabyte)] = Field(default_factory=dict)
    timeout_ms: Annotated[Int, Field(ge=1000, le=120_000)] | None = None


class Batch(Body):
    steps: Annotated[list[ActionRequest], Field(min_length=1, max_length=50)]
    stop_on_error: bool = True


class Parse(Body):
    code: Annotated[str, Field(min_length=1, max_length=50_000)]


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


async def read(request: Request, *, empty: bool = False, largest: int = LARGEST) -> dict[str, Any]:
    """The JSON object of a request, whatever its content type says. Raises 413 and 422."""
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > largest:
            raise ApiError("PAYLOAD_TOO_LARGE", f"The body is larger than {largest} bytes.")
    if empty and not raw.strip():
        return {}
    return await run_in_threadpool(_object, raw) if len(raw) > _MUCH else _object(raw)


def _object(raw: bytearray) -> dict[str, Any]:
    try:
        body = json.loads(raw, parse_constant=_no_constant)
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()  # 1e400 is read as what no JSON can say
    except (ValueError, RecursionError) as error:
        raise invalid_at(["body"], "the body is not valid JSON", "json_invalid") from error
    if not isinstance(body, dict):
        raise invalid_at(["body"], "the body must be a JSON object", "dict_type")
    if _is_deeper(body, DEEPEST):
        raise invalid_at(["body"], f"the body is nested deeper than {DEEPEST} levels", "json_invalid")
    return body


def _is_deeper(body: Any, levels: int) -> bool:
    """Whether it is nested deeper: such a thing could be stored, and then not be told again."""
    level = [body]
    for _ in range(levels):
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [value for values in inner for value in values]
        if not level:
            return False
    return True


def parse(kind: type[T], body: dict[str, Any]) -> T:
    """The body as that form. Raises 422 with every fault."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise invalid([
            {"loc": ["body", *fault["loc"]], "msg": fault["msg"], "type": fault["type"]} for fault in error.errors()
        ]) from error  # fmt: skip


def managed_only(request: Request, llm: Llm | None) -> None:
    """Raise 422 for a caller who brings a model or the key of one."""
    brings = any(name in request.headers for name in _BYOK)
    if brings or (llm is not None and llm.provider != "managed"):
        raise ApiError("LLM_PROVIDER_UNSUPPORTED", "The local platform has its own agent only: provider managed.")


def whole_number(text: str) -> int | None:
    """A query parameter as an integer; None when it is none. One beyond every seq is as good as the largest."""
    if not re.fullmatch(r"-?[0-9]{1,200}", text):
        return None
    return max(-LARGEST_NUMBER, min(int(text), LARGEST_NUMBER))


def limit(request: Request, default: int, high: int = 200) -> int:
    """`?limit=` within its range. Raises 400 INVALID_LIMIT."""
    text = request.query_params.get("limit")
    if text is None:
        return default
    value = whole_number(text)
    if value is None or not 1 <= value <= high:
        extras = {"actual": text[:40] if value is None else value, "min": 1, "max": high}
        raise ApiError("INVALID_LIMIT", f"limit must be a whole number from 1 to {high}.", extras)
    return value


def from_zero(request: Request, name: str) -> int:
    """An integer query parameter that is 0 when absent. Raises 422 for anything else than 0 and up."""
    text = request.query_params.get(name)
    if text is None:
        return 0
    value = whole_number(text)
    if value is None or value < 0:
        raise invalid_at(["query", name], "must be a whole number from 0 up", "int_parsing")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(name)
