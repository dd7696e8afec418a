"""Django's settings. Everything has a default that works on one machine with no services; see docs/settings.md."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from coasty_console.env import LOOPBACK, ROOT, data_dir, demo_password, env, flag, integer, secret_key, sub_path, words

BASE_DIR = ROOT
DATA_DIR = data_dir()
VERSION = "0.1.0"

SECRET_KEY = secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # open what was signed or sealed before a change
DEBUG = flag("DEBUG")
CONSOLE_HOST = env.str("CONSOLE_HOST", default="127.0.0.1")
CONSOLE_PORT = integer("CONSOLE_PORT", 8000, 1, 65535)
LOCAL_PORT = integer("LOCAL_PORT", 8787, 1, 65535)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
BEHIND_TLS = flag("BEHIND_TLS")
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")  # where upstream reaches this console, for webhooks
if PUBLIC_URL:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, urlsplit(PUBLIC_URL).hostname or ""]
# The path under which a proxy shows the console, without a slash at its end; None: the whole host is the console's.
FORCE_SCRIPT_NAME = sub_path("FORCE_SCRIPT_NAME") or None
_ROOT_PATH = f"{FORCE_SCRIPT_NAME or ''}/"

# Upstream: the real service with a key, else the local platform with the key that it issued.
COASTY_BASE_URL = env.str("COASTY_BASE_URL", default="").rstrip("/")
COASTY_API_KEY = env.str("COASTY_API_KEY", default="")
UPSTREAM_IS_LOCAL = not COASTY_BASE_URL
UPSTREAM_BASE_URL = COASTY_BASE_URL or f"http://127.0.0.1:{LOCAL_PORT}/v1"
LOCAL_KEY_FILE = DATA_DIR / "local" / "api_key"
UPSTREAM_TIMEOUT_SECONDS = 5.0  # what a page may wait for upstream at most

# Demo accounts exist only where nobody but this machine's user can reach them.
_IS_PUBLIC = BEHIND_TLS or (urlsplit(PUBLIC_URL).hostname or CONSOLE_HOST) not in LOOPBACK
DEMO = UPSTREAM_IS_LOCAL and CONSOLE_HOST in LOOPBACK and not _IS_PUBLIC
DEMO_PASSWORD = demo_password(DATA_DIR) if DEMO else ""

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "axes",
    "csp",
    "ninja",
    "live",
    "runs",
    "approvals",
    "coasty_console.apps.ConsoleConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "coasty_console.programs.probe",
    "coasty_console.programs.speak",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "coasty_console.sessions.hold_to_person",
    "coasty_console.manners.activate",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "coasty_console.urls"
ASGI_APPLICATION = "coasty_console.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "coasty_console.context.frame",
            ],
        },
    }
]

DATABASE_URL = env.str("DATABASE_URL", default="")
if DATABASE_URL:
    DATABASES = {"default": env.db_url_config(DATABASE_URL)}
    if "postgresql" in DATABASES["default"]["ENGINE"]:
        DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 24}
        DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
        # A process that stalls inside a transaction keeps its locks no longer than this: others take over its runs.
        # And no query of ours runs so long that compiling it first would pay.
        DATABASES["default"]["OPTIONS"]["options"] = "-c idle_in_transaction_session_timeout=5s -c jit=off"
else:
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "console.sqlite3"}}
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # IMMEDIATE: a transaction that will write takes its place in the queue at once, instead of failing in the middle.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;"
        " PRAGMA wal_autocheckpoint=4000;",  # a page that many transactions change goes to its place more seldom
    }
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
# A Redis that is gone is noticed soon: nobody waits for it longer than this, and it is asked again by itself.
_REDIS = {
    "address": REDIS_URL,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [_REDIS]}}
    if REDIS_URL
    else {"BACKEND": "live.layer.MemoryLayer"}
}

_NEAR = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "near",
    "OPTIONS": {"MAX_ENTRIES": 128},
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "near": _NEAR,
    "shared": {  # by `live.shelf`: what all processes share for seconds
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "coasty-shelf",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2, "serializer": "runs.vault.Sealing"},
    }
    if REDIS_URL
    else _NEAR,
}

CELERY_BROKER_URL = REDIS_URL or "memory://localhost"
CELERY_TASK_IGNORE_RESULT = True
_BROKER = {
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "socket_keepalive": True,
    "retry_on_timeout": True,
    "health_check_interval": 10,
}
CELERY_BROKER_TRANSPORT_OPTIONS = _BROKER if REDIS_URL else {"polling_interval": 0.05}
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever: a broker that is gone comes back
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"

SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = _ROOT_PATH
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
REQUEST_SECONDS = integer("REQUEST_SECONDS", 120, 1, 3600)  # in which a request has to arrive

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

STATIC_URL = f"{_ROOT_PATH}static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # empty: the finders serve what the packages ship
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
TIME_ZONE = env.str("TZ", default="UTC")
USE_I18N = True
LOCALE_PATHS = [ROOT / "locale"]
USE_TZ = True


def _one_line(record: logging.LogRecord) -> bool:
    record.exc_info = None  # whoever sends a wrong Host header shows nothing that a traceback would explain
    return True


def _named(record: logging.LogRecord) -> bool:
    found = getattr(getattr(record, "request", None), "failure_id", "")
    if found and not record.msg.startswith("Failure "):  # a logger that was set up twice has this twice
        record.msg = f"Failure {found}: {record.msg}"  # as its page tells it: coasty_console.failing
    return True


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "one_line": {"()": "django.utils.log.CallbackFilter", "callback": _one_line},
        "named": {"()": "django.utils.log.CallbackFilter", "callback": _named},
    },
    "formatters": {"line": {"format": "%(asctime)s %(levelname).1s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
    "loggers": {
        "django.request": {"level": "ERROR", "filters": ["named"]},
        "django.security.DisallowedHost": {"filters": ["one_line"]},
        "daphne": {"level": "ERROR"},
        "apprise": {"handlers": [], "propagate": False},  # what it complains of is told with the channel
        "runs": {"level": env.str("LOG_LEVEL", default="INFO")},
        "approvals": {"level": env.str("LOG_LEVEL", default="INFO")},
    },
}

# How a decision, a claim and a lease live; durations in seconds.
TWO_PEOPLE_KINDS = words("TWO_PEOPLE_KINDS")  # kinds of park of which two people must say resume
DECISION_HOLD_SECONDS = integer("DECISION_HOLD_SECONDS", 5, 0, 60)
CLAIM_SECONDS = 120  # after the last sign of life of the person's page
TAKEOVER_SECONDS = 120
LEASE_SECONDS = 4
SWEEP_SECONDS = 5
NOTICE_SECONDS = 2

# Notices go to public addresses only, unless this says that a webhook or a mail server inside the network is meant.
NOTICES_TO_PRIVATE_ADDRESSES = flag("NOTICES_TO_PRIVATE_ADDRESSES")
PUSH_CONTACT = env.str("PUSH_CONTACT", default="admin@localhost.localdomain")  # whom push services may write to

# When a run is said to burn money: the same act on the same screen so often, or so many steps that change nothing.
WASTE_REPEATS = integer("WASTE_REPEATS", 4, 2, 100)
WASTE_STILL_STEPS = integer("WASTE_STILL_STEPS", 6, 2, 100)

# Events and frames of runs that ended so long ago go; 0 keeps all.
RETENTION_DAYS = integer("RETENTION_DAYS", 0, 0, 36_500)
