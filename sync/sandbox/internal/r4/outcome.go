package r4

import (
	"fmt"
	"net/http"
	"strings"
)

// Outcome is an OperationOutcome with the status that it travels under.
type Outcome struct {
	Status  int
	Issues  []Issue
	Headers map[string]string // further headers of the answer, e.g. Retry-After
}

// Issue is one OperationOutcome.issue.
type Issue struct {
	Severity   string   // fatal, error, warning, information
	Code       string   // http://hl7.org/fhir/R4/valueset-issue-type.html
	Text       string   // details.text and diagnostics
	Expression []string // FHIRPath of the element
}

// Error implements error: the first issue's text.
func (o *Outcome) Error() string {
	if len(o.Issues) == 0 {
		return http.StatusText(o.Status)
	}
	return o.Issues[0].Text
}

// fail makes an error outcome with one issue.
func fail(status int, code, text string, expression ...string) *Outcome {
	return &Outcome{Status: status, Issues: []Issue{{Severity: "error", Code: code, Text: text, Expression: expression}}}
}

// at moves the outcome's expressions below a Bundle entry and, where there is
// none, names the entry.
func (o *Outcome) at(entry int) *Outcome {
	place := fmt.Sprintf("Bundle.entry[%d]", entry)
	moved := &Outcome{Status: o.Status, Headers: o.Headers}
	for _, i := range o.Issues {
		var where []string
		for _, e := range i.Expression {
			if strings.HasPrefix(e, "Bundle.") {
				where = append(where, e)
				continue
			}
			_, below, _ := strings.Cut(e, ".")
			where = append(where, strings.TrimSuffix(place+".resource."+below, "."))
		}
		if len(where) == 0 {
			where = []string{place}
		}
		i.Expression = where
		moved.Issues = append(moved.Issues, i)
	}
	return moved
}

type codeText struct {
	Text string `json:"text"`
}

type issueJSON struct {
	Severity    string    `json:"severity"`
	Code        string    `json:"code"`
	Details     *codeText `json:"details,omitempty"`
	Diagnostics string    `json:"diagnostics,omitempty"`
	Expression  []string  `json:"expression,omitempty"`
}

// JSON is the outcome as a resource.
func (o *Outcome) JSON() []byte {
	out := struct {
		ResourceType string      `json:"resourceType"`
		Issue        []issueJSON `json:"issue"`
	}{ResourceType: "OperationOutcome"}
	for _, i := range o.Issues {
		out.Issue = append(out.Issue, issueJSON{i.Severity, i.Code, &codeText{i.Text}, i.Text, i.Expression})
	}
	if len(out.Issue) == 0 {
		out.Issue = []issueJSON{{Severity: "information", Code: "informational", Details: &codeText{"All OK"}}}
	}
	return encode(out)
}

// allOK is the outcome of a success.
func allOK(status int, text string) *Outcome {
	return &Outcome{Status: status, Issues: []Issue{{Severity: "information", Code: "informational", Text: text}}}
}
