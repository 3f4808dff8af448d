"""Parameters of the caches.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that a cache reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs.spec import ParameterSpec, number, whole

PARAMETERS: tuple[ParameterSpec, ...] = (
    whole("caches.chain_ttl_seconds", "300", "1 to 3600 seconds", "Age after which a cached chain is not served.",
           "option-chain cache: 5 minutes", step="120"),
    whole("caches.chain_entries", "100", "1 to 10000 chains", "Chains that the cache holds at most.",
           "option-chain cache: 100 entries", step="50"),
    whole("caches.greeks_ttl_seconds", "30", "1 to 600 seconds", "Age after which cached Greeks are not served.",
           "Greeks cache: 30 seconds", step="15"),
    whole("caches.greeks_entries", "2000", "1 to 100000 contracts", "Contracts whose Greeks are held at most.",
          "ours: about three times what one underlying subscribes", step="1000"),
    number("caches.underlying_move", "0.01", "0.001 to 0.20 share of price",
           "Move of the underlying after which chains and Greeks are read anew.", "ours", step="0.01"),
    number("caches.vix_jump", "0.10", "0.01 to 1 share of VIX", "Move of VIX after which chains are read anew.",
           "ours", step="0.05"),
)  # fmt: skip
