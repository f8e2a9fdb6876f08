package vault.database_not_audited_test

import data.vault.database_not_audited
import rego.v1

database(audit, parameters) := {
	"spec": {"access_control": {"infrastructure": {"authorization": {"audit": audit}}}},
	"documents": [{"file": "c.yaml", "object": {
		"kind": "Cluster",
		"metadata": {"name": "db", "namespace": "n"},
		"spec": {"postgresql": {"parameters": parameters}},
	}}],
}

test_both_classes_pass_and_nothing_is_asked_without_audit if {
	database_not_audited.deny == set() with input as database(true, {"pgaudit.log": "ddl, role, write"})
	database_not_audited.deny == set() with input as database(false, {})
}

test_a_class_that_is_missing_is_denied if {
	every parameters in [{}, {"pgaudit.log": "ddl"}, {"pgaudit.log": "all, -role"}] {
		denials := database_not_audited.deny with input as database(true, parameters)
		{denial.message | some denial in denials} == {"the database db does not log changes of roles and tables"}
	}
}
