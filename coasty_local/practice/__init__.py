"""A small business portal to practise on: believable pages, many looks, and a ledger of what was really done."""
