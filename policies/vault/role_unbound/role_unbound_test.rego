package vault.role_unbound_test

import data.vault.role_unbound
import rego.v1

document(names, namespaces) := {
	"vault": {"file": "p", "documents": [
		{"path": "sys/auth/a", "data": {"type": "kubernetes"}},
		{"path": "auth/a/role/b", "data": {
			"bound_service_account_names": names,
			"bound_service_account_namespaces": namespaces,
		}},
	]},
	"documents": [{"file": "s", "object": {"kind": "ServiceAccount", "metadata": {"name": "s", "namespace": "n"}}}],
}

test_one_account_that_is_rendered_passes if role_unbound.deny == set() with input as document(["s"], ["n"])

test_any_other_binding_is_denied if {
	every case in [[["*"], ["n"]], [["s"], ["*"]], [["s"], []], [[], ["n"]], [["s", "t"], ["n"]], [["t"], ["n"]]] {
		count(role_unbound.deny) == 1 with input as document(case[0], case[1])
	}
}
