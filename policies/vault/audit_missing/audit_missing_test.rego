package vault.audit_missing_test

import data.vault.audit_missing
import rego.v1

document(flavour, paths, names) := {
	"spec": {"access_control": {"infrastructure": {"authorization": {"audit": true}}}},
	"vault": {
		"file": "p",
		"flavour": flavour,
		"documents": [{"path": path, "data": {}} | some path in paths],
		"audit": names,
	},
}

test_each_flavour_has_its_devices_in_its_own_place if {
	audit_missing.deny == set() with input as document("openbao", [], ["file", "stdout"])
	audit_missing.deny == set() with input as document("vault", ["sys/audit/a", "sys/audit/b"], [])
}

test_one_device_and_the_other_flavour_s_are_denied if {
	every case in [
		["vault", ["sys/audit/a"], []],
		["vault", [], ["file", "stdout"]],
		["openbao", ["sys/audit/a", "sys/audit/b"], ["file"]],
	] {
		count(audit_missing.deny) == 1 with input as document(case[0], case[1], case[2])
	}
}
