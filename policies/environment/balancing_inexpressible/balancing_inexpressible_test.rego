package environment.balancing_inexpressible_test

import data.environment.balancing_inexpressible
import rego.v1

judged(platform) := {
	"cluster": {"name": "westeurope", "platform": platform},
	"spec": {
		"network": {"segmentation": {"traffic": {"ingress": ["VPN"]}}},
		"load_balancing": {"application": {
			"algorithm": "Round Robin",
			"health_check": {"healthy_threshold": 2},
		}},
	},
}

test_the_statement_is_named if {
	denials := balancing_inexpressible.deny with input as judged("azure")
	{denial.message | some denial in denials} == {
		"azure balances as if healthy_threshold were 1",
		"azure balances as if ingress were every network",
	}
}

test_amazon_does_as_it_is_told if {
	balancing_inexpressible.deny == set() with input as judged("aws")
}
