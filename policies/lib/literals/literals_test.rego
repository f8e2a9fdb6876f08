package lib.literals_test

import data.lib.literals
import rego.v1

test_objects_and_the_plan_are_rendered if {
	document := {"file": "d.yaml", "object": {"kind": "Service"}}
	plan := {"file": "p.yaml", "documents": [{"path": "sys/mounts/kv"}]}
	files := literals.files with input as {"documents": [document], "vault": plan}
	{file.file | some file in files} == {"d.yaml", "p.yaml"}
}

test_text_is_found_wherever_it_is if {
	document := {"file": "d.yaml", "object": {"a": [{"b/c~d": "one two"}], "e": "two", "two": 2}}
	plan := {"file": "p.yaml", "documents": []}
	some file in literals.files with input as {"documents": [document], "vault": plan}
	file.file == "d.yaml"
	literals.matching(file, `two`, `two`) == {"/a/0/b~1c~0d", "/e"}
	literals.matching(file, `two`, `three`) == set()
}

test_where_secrets_are_kept_is_stated_with_the_access if literals.path[0] == "access_control"
