package vault.policy_open_test

import data.vault.policy_open
import rego.v1

plan(path, capabilities) := {"vault": {"file": "p", "grants": [{
	"policy": "api",
	"pointer": "/documents/0/data/policy",
	"path": path,
	"capabilities": capabilities,
}]}}

test_exact_paths_pass if policy_open.deny == set() with input as plan("cbp/data/a", ["read", "list"])

test_wildcards_and_rights_of_operators_are_denied if {
	every case in [["cbp/*", ["read"]], ["cbp/+/a", ["read"]], ["sys/raw", ["sudo"]], ["a", ["root"]], ["a", []]] {
		count(policy_open.deny) == 1 with input as plan(case[0], case[1])
	}
}
