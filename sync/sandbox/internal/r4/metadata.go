package r4

import (
	"maps"
	"slices"
	"strings"
)

// capabilities is the CapabilityStatement: what is served under the present
// behaviour, and that it is a demo.
func (srv *Server) capabilities() []byte {
	b := srv.behaviour()
	kinds := slices.Sorted(maps.Keys(searchParams()))
	var resources []any
	for _, kind := range kinds {
		if len(searchParams()[kind]) <= len(strings.Fields(commonParams)) && kind != "Binary" {
			continue // generic types are served too, but not worth a line
		}
		resources = append(resources, srv.resourceCapability(b, kind))
	}
	interactions := []any{}
	if b.NoTransaction == 0 && !b.TransactionAsBatch {
		interactions = append(interactions, code("transaction"))
	}
	if b.NoBatch == 0 {
		interactions = append(interactions, code("batch"))
	}
	interactions = append(interactions, code("history-system"))
	security := map[string]any{"cors": false, "description": "Open: no token is needed. This is a demo."}
	if b.RequireAuth {
		security = map[string]any{
			"cors":    false,
			"service": []any{map[string]any{"coding": []any{map[string]string{"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}}}},
			"extension": []any{map[string]any{
				"url":       "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
				"extension": []any{map[string]string{"url": "token", "valueUri": srv.opt.Token}},
			}},
			"description": "SMART Backend Services (client_credentials) with private_key_jwt or a client secret.",
		}
	}
	return encode(map[string]any{
		"resourceType": "CapabilityStatement", "status": "active", "experimental": true, "kind": "instance",
		"date": instant(srv.now()), "publisher": "shlkiosk",
		"name": "ShlkioskDemoServer", "title": "shlkiosk demo FHIR server (a fake with synthetic people)",
		"description":    "A demonstration and test server held in memory. It is a fake: every person is made up, nothing is kept, and it can be told to misbehave.",
		"software":       map[string]string{"name": "shlkiosk sandbox (demo, not for real data)", "version": "1"},
		"implementation": map[string]string{"description": "Demo world of shlkiosk", "url": srv.opt.Base},
		"fhirVersion":    "4.0.1", "format": []string{"json", "application/fhir+json"},
		"rest": []any{map[string]any{
			"mode": "server", "documentation": "Unknown search parameters are refused unless Prefer: handling=lenient.",
			"security": security, "resource": resources, "interaction": interactions,
		}},
	})
}

func code(s string) map[string]string { return map[string]string{"code": s} }

func (srv *Server) resourceCapability(b *behaving, kind string) map[string]any {
	var params []any
	all := searchParams()[kind]
	include := []string{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p := all[name]
		typ := map[string]string{"ref": "reference", "deceased": "token"}[p.kind]
		if typ == "" {
			typ = p.kind
		}
		params = append(params, map[string]string{"name": name, "type": typ})
		if p.kind == "ref" {
			include = append(include, kind+":"+name)
		}
	}
	out := map[string]any{
		"type":        kind,
		"interaction": []any{code("read"), code("vread"), code("update"), code("delete"), code("history-instance"), code("history-type"), code("create"), code("search-type")},
		"versioning":  "versioned-update", "readHistory": true, "updateCreate": !b.NoClientIDs,
		"conditionalCreate": !b.NoConditionalCreate, "conditionalRead": "full-support", "conditionalUpdate": false, "conditionalDelete": "not-supported",
		"referencePolicy": []string{"literal", "logical", "resolves"}, "searchParam": params,
	}
	if b.AcceptDangling {
		out["referencePolicy"] = []string{"literal", "logical"}
	} else {
		out["referencePolicy"] = []string{"literal", "logical", "enforced"}
	}
	if len(include) > 0 {
		out["searchInclude"] = include
	}
	if kind == "Patient" {
		ops := []any{map[string]string{"name": "everything", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything"}}
		if b.NoMatch == 0 {
			ops = append(ops, map[string]string{"name": "match", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-match"})
		}
		out["operation"] = ops
	}
	return out
}

// smartConfiguration is .well-known/smart-configuration (SMART App Launch 2.2).
func (srv *Server) smartConfiguration() []byte {
	return encode(map[string]any{
		"token_endpoint":                                   srv.opt.Token,
		"grant_types_supported":                            []string{"client_credentials"},
		"token_endpoint_auth_methods_supported":            []string{"client_secret_basic", "client_secret_post", "private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": []string{"ES384", "RS384"},
		"scopes_supported":                                 []string{"system/*.cruds", "system/*.*"},
		"capabilities":                                     []string{"client-confidential-asymmetric", "client-confidential-symmetric", "permission-v1", "permission-v2"},
	})
}
