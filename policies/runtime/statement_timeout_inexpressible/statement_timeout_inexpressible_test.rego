package runtime.statement_timeout_inexpressible_test

import data.runtime.statement_timeout_inexpressible
import rego.v1

spec(seconds) := {"spec": {"connections": {"database": {"timeout": seconds}}}}

test_the_longest_passes if statement_timeout_inexpressible.deny == set() with input as spec(2147483)

test_a_longer_one_is_denied_with_both_numbers if {
	denials := statement_timeout_inexpressible.deny with input as spec(2147484)
	{denial.message | some denial in denials} == {concat(" ", [
		"connections.database.timeout is 2147484 seconds;",
		"PostgreSQL holds at most 2147483",
	])}
}
