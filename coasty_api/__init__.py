"""A client of the `/v1` contract. No Django; the only user of requests and sseclient."""
