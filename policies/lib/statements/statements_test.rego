package lib.statements_test

import data.lib.statements
import rego.v1

test_a_statement_knows_its_value_and_its_name if {
	document := {"spec": {"limits": {"memory": {"heap": 80}}}}
	statement := statements.at(["limits", "memory", "heap"]) with input as document
	statement == {"path": ["limits", "memory", "heap"], "name": "limits.memory.heap", "value": 80}
}

test_there_is_no_statement_where_nothing_is_said if {
	found := {statement | statement := statements.at(["limits", "memory"])} with input as {"spec": {"limits": {}}}
	found == set()
}
