"""Networks with delays: places in network namespaces, and roads between them on which packets take their time."""
