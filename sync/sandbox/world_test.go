package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, opt Options) *World {
	t.Helper()
	w, err := Start(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func get(t *testing.T, url string) (int, []byte) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b
}

func TestWorldHasPeople(t *testing.T) {
	w := start(t, Options{})
	status, body := get(t, w.FHIRBase()+"/Patient?_summary=count")
	var b struct{ Total int }
	if err := json.Unmarshal(body, &b); err != nil || status != 200 || b.Total != len(w.People()) || b.Total != 200 {
		t.Fatalf("status %d, %d people, %d known: %s", status, b.Total, len(w.People()), body)
	}
	if len(w.Demo()) < 6 {
		t.Errorf("%d demo patients", len(w.Demo()))
	}
}
