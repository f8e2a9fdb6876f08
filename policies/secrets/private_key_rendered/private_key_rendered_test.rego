package secrets.private_key_rendered_test

import data.secrets.private_key_rendered
import rego.v1

rendered(text) := {
	"documents": [{"file": "d.yaml", "object": {"kind": "ConfigMap", "data": {"text": text}}}],
	"vault": {"file": "p.yaml", "documents": [{"path": "cbp/data/a", "data": {"text": text}}]},
}

test_it_is_found_in_objects_and_in_the_plan if {
	every text in ["-----BEGIN PRIVATE KEY-----\nMIIE", "-----BEGIN EC PRIVATE KEY-----"] {
		denials := private_key_rendered.deny with input as rendered(text)
		{[denial.file, denial.pointer] | some denial in denials} == {
			["d.yaml", "/data/text"],
			["p.yaml", "/documents/0/data/text"],
		}
	}
}

test_what_only_speaks_of_it_passes if {
	every text in ["-----BEGIN CERTIFICATE-----", "a private key"] {
		private_key_rendered.deny == set() with input as rendered(text)
	}
}
