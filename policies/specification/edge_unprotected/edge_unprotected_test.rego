package specification.edge_unprotected_test

import data.specification.edge_unprotected
import rego.v1

edge(stage, tls) := {
	"environment": {"stage": stage},
	"spec": {"load_balancing": {"application": {"ssl_termination": tls}}},
}

test_development_may_do_without_tls if edge_unprotected.deny == set() with input as edge("development", false)

test_production_may_not if {
	denials := edge_unprotected.deny with input as edge("production", false)
	{denial.message | some denial in denials} == {
		"load_balancing.application.ssl_termination is switched off in production"
	}
}
