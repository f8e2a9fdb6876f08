package secrets.secret_rendered_test

import data.secrets.secret_rendered
import rego.v1

object_of(kind) := {"documents": [{"file": "s.yaml", "object": {"kind": kind, "metadata": {"name": "s"}}}]}

test_what_names_a_secret_passes if secret_rendered.deny == set() with input as object_of("ExternalSecret")

test_a_secret_is_denied if {
	denials := secret_rendered.deny with input as object_of("Secret")
	{denial.message | some denial in denials} == {"the Secret s is rendered with its values"}
}
