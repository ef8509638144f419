"""Spans of distributed tracing -> calls: OTLP, Jaeger, Zipkin, Tempo and Sentry are five skins of one reader."""
