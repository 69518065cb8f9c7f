package intake

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"

	"shlkiosk/sync/fhir"
)

func decoded(s string) string {
	b, _ := base64.StdEncoding.DecodeString(s)
	return string(b)
}

func changeBody(resp *http.Response, change func(*http.Request, []byte) []byte) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	body = change(resp.Request, body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

func newWorldless() fhir.Limits { return fhir.DefaultLimits() }
