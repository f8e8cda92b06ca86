"""Scrapy's settings: an honest, patient crawler. Every line that differs from Scrapy says why."""

from crawler import __version__, config

_settings = config.load()

BOT_NAME = "arts-tenders"
SPIDER_MODULES = ["spiders"]
USER_AGENT = f"arts-tenders/{__version__} (+{_settings.base_url}; {_settings.contact})"

# Scrapy listens for posted Python and telnet unless told not to.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

# Politeness: robots.txt, one request at a time per domain; spiders/pacing.py keeps the limits.
ROBOTSTXT_OBEY = True
CONCURRENT_REQUESTS_PER_DOMAIN = 1
COOKIES_ENABLED = False
DOWNLOAD_VERIFY_CERTIFICATES = True

# The largest month of a Proactis portal is a few megabytes; a gigabyte is an attack.
DOWNLOAD_MAXSIZE = 128 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 120

# Our own middlewares try again with the patience each portal asks for.
RETRY_ENABLED = False
REDIRECT_ENABLED = True
REDIRECT_MAX_TIMES = 5
HTTPERROR_ALLOWED_CODES: list[int] = []
TWISTED_DNS_RESOLVER = "spiders.addresses.PublicResolver"
LOOPBACK_ALLOWED = False
DOWNLOAD_HANDLERS = {
    "http": "spiders.downloading.OnceOnlyHandler",
    "https": "spiders.downloading.OnceOnlyHandler",
    # A page must not be able to name a file of this machine.
    **dict.fromkeys(("data", "file", "ftp", "s3")),
}
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "spiders.robots.RobotsMiddleware": 100,
    "spiders.pacing.PacingMiddleware": 550,
    "spiders.addresses.AddressMiddleware": 950,
}

# Of releases, one of the first two makes what pipelines/steps.py says, together.
ITEM_PIPELINES = {
    "pipelines.show.Show": 800,
    "pipelines.keep.Keep": 900,
    "pipelines.contacts.KeepContacts": 910,
}
# Scrapy's own list would have every crawl import a web server, a telnet console and more, also
# where they are switched off.
EXTENSIONS_BASE: dict[str, int] = {}
EXTENSIONS = {
    "pipelines.logs.JsonLogs": -1,
    "pipelines.runs.RecordRun": 0,
    "scrapy.extensions.corestats.CoreStats": 10,
}
# Scrapy would read each callback's source text again for each response, to warn its author.
WARN_ON_GENERATOR_RETURN_VALUE = False
# Batches of one response are kept in order.
CONCURRENT_ITEMS = 1

LOG_LEVEL = "INFO"
STATS_DUMP = False
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_AS = _settings.log_format
# As JSON, lines are written by pipelines/logs.py and not by Scrapy's own handler.
LOG_INSTALL_ROOT_HANDLER = _settings.log_format != "json"
LOG_DATEFORMAT = "%H:%M:%S"

# Ours, set for one run by `crawler.jobs.crawl`.
DRY_RUN = False
REPORT = False
PROGRESS_EVERY = 0.0
DATABASE_URL = _settings.database
MODEL_FOLDER = str(_settings.model)
