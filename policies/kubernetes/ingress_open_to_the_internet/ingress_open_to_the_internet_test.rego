package kubernetes.ingress_open_to_the_internet_test

import data.kubernetes.ingress_open_to_the_internet
import rego.v1

judged(annotations) := {"cluster": {"name": "a"}, "documents": [ingress(annotations)]}

ingress(annotations) := {"file": "i.yaml", "object": {
	"kind": "Ingress",
	"metadata": {"name": "api", "annotations": annotations},
}}

test_silence_is_public if {
	denials := ingress_open_to_the_internet.deny with input as judged({})
	{denial.message | some denial in denials} == {"the Ingress api is open to the internet"}
}

test_either_controller_may_say_so if {
	azure := judged({"appgw.ingress.kubernetes.io/use-private-ip": "true"})
	ingress_open_to_the_internet.deny == set() with input as azure
}
