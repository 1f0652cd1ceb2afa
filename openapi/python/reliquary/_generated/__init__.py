"""Generated from openapi/openapi.json by ../../generate: do not edit."""

# The dated version of the service that this was made for.
API_VERSION = "2026-11-22"
