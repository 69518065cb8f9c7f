package r4

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
)

// wrapBinary gives a POST of raw content to Binary (R4 binary.html#rest) the form
// of a resource; false: it is FHIR JSON already, or no such post.
func wrapBinary(r *http.Request, path string, body []byte) ([]byte, bool) {
	if path != "Binary" || r.Method != http.MethodPost {
		return nil, false
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || strings.Contains(kind, "json") {
		return nil, false
	}
	return encode(map[string]string{"resourceType": "Binary", "contentType": kind, "data": base64.StdEncoding.EncodeToString(body)}), true
}

// unwrapBinary gives a Binary's raw content to who asks for its own type.
func unwrapBinary(r *http.Request, a *answer) *answer {
	if a.status != http.StatusOK || a.record == nil || a.record.Type != "Binary" || r.Method != http.MethodGet {
		return a
	}
	var b struct {
		ContentType string `json:"contentType"`
		Data        []byte `json:"data"`
	}
	if json.Unmarshal(a.body, &b) != nil || b.ContentType == "" || !strings.Contains(r.Header.Get("Accept"), b.ContentType) {
		return a
	}
	return &answer{status: a.status, record: a.record, body: b.Data, headers: map[string]string{"Content-Type": b.ContentType}}
}
