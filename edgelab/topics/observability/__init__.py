"""How you would know that one PoP of 312 is bad: figures, alerts, clocks and log lines."""
