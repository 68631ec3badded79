"""What every answer carries on both servers: written once, sent by the gateway and by nginx."""

from ipats_lib.publishing.files import POLICY

SECURITY = {
    "Content-Security-Policy": POLICY,
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
PRIVATE, SHARED = "no-store", "public, max-age=31536000, immutable"

# The `__Host-` prefix: browsers take them from this host only, over TLS (or loopback) only.
SESSION_COOKIE, FORM_COOKIE = "__Host-ipats", "__Host-ipats-form"

MEDIA = {
    "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8", "csv": "text/csv; charset=utf-8",
    "json": "application/json", "svg": "image/svg+xml", "png": "image/png",
    "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "ics": "text/calendar; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
# nginx hands files out from here, to nobody but the gateway's own answers.
INTERNAL = "/_ipats_files/"
INTERNAL_PACKED = "/_ipats_packed/"  # of files that are kept packed alone
