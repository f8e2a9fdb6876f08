package environment.edge_set_by_people_test

import data.environment.edge_set_by_people
import rego.v1

judged(platform) := {
	"cluster": {"name": "westeurope", "platform": platform},
	"environment": {"clusters": {"westeurope": {}, "northeurope": {}}},
	"spec": {"redundancy": {"application": {"failover": ["Automatic detection"]}}, "network": {"protection": {"ddos": {"enabled": true, "auto_scale": false}, "waf": {"enabled": true}}}},
}

test_each_statement_is_named if {
	denials := edge_set_by_people.deny with input as judged("azure")
	{denial.message | some denial in denials} == {
		"nothing that is rendered for azure acts on network.protection.ddos.enabled",
		"nothing that is rendered for azure acts on network.protection.waf.enabled",
		"nothing that is rendered for azure acts on redundancy.application.failover",
	}
}

test_a_log_that_is_stated_is_turned_on_by_people if {
	logged := object.union(judged("azure"), {"cluster": {"name": "westeurope", "platform": "azure", "balancers": {"access_logs": "s3://logs"}}})
	denials := edge_set_by_people.deny with input as logged
	"nothing that is rendered for azure acts on environment.clusters.westeurope.balancers.access_logs" in {denial.message |
		some denial in denials
	}
}

test_amazon_is_told if edge_set_by_people.deny == set() with input as judged("aws")
