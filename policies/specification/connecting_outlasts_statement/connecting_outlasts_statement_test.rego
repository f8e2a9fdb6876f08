package specification.connecting_outlasts_statement_test

import data.specification.connecting_outlasts_statement
import rego.v1

timeouts(connect, statement) := {"spec": {
	"load_balancing": {"database": {"connection_timeout": connect}},
	"connections": {"database": {"timeout": statement}},
}}

test_a_second_less_passes if connecting_outlasts_statement.deny == set() with input as timeouts(29, 30)

test_equal_timeouts_are_denied if {
	denials := connecting_outlasts_statement.deny with input as timeouts(60, 60)
	{denial.message | some denial in denials} == {concat("", [
		"load_balancing.database.connection_timeout is 1 minute, ",
		"which is not below connections.database.timeout (1 minute)",
	])}
}
