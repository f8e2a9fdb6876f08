package secrets.password_in_url_test

import data.secrets.password_in_url
import rego.v1

rendered(text) := {
	"documents": [{"file": "d.yaml", "object": {"kind": "ConfigMap", "data": {"text": text}}}],
	"vault": {"file": "p.yaml", "documents": [{"path": "cbp/data/a", "data": {"text": text}}]},
}

test_it_is_found_in_objects_and_in_the_plan if {
	every text in ["postgresql://api:hunter2@db.svc:5432/configuration", "see redis://user:pass@cache"] {
		denials := password_in_url.deny with input as rendered(text)
		{[denial.file, denial.pointer] | some denial in denials} == {
			["d.yaml", "/data/text"],
			["p.yaml", "/documents/0/data/text"],
		}
	}
}

test_what_only_speaks_of_it_passes if {
	every text in [
		"postgresql://api@db.svc:5432/configuration",
		"postgresql://{{username}}:{{password}}@db:5432/c",
		"https://db:5432/a@b",
	] {
		password_in_url.deny == set() with input as rendered(text)
	}
}
