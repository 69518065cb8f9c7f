package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
)

// controls adds the control endpoints.
func (w *World) controls(mux *http.ServeMux) {
	mux.HandleFunc("/control/behaviour", w.controlBehaviour)
	mux.HandleFunc("GET /control/counts", func(rw http.ResponseWriter, _ *http.Request) { writeJSON(rw, http.StatusOK, w.Counts()) })
	mux.HandleFunc("DELETE /control/counts", func(rw http.ResponseWriter, _ *http.Request) {
		w.ResetCounts()
		rw.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /control/reset", func(rw http.ResponseWriter, r *http.Request) {
		answer(rw, w.Reset(r.Context()), map[string]bool{"reset": true})
	})
	mux.HandleFunc("GET /control/people", func(rw http.ResponseWriter, _ *http.Request) {
		writeJSON(rw, http.StatusOK, map[string]any{"people": w.People()})
	})
	mux.HandleFunc("GET /control/dump", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = rw.Write(w.Dump()) // the client may be gone
	})
	mux.HandleFunc("POST /control/clients", func(rw http.ResponseWriter, r *http.Request) {
		var c Client
		err := readJSON(r, &c)
		if err == nil {
			err = w.RegisterClient(c)
		}
		answer(rw, err, map[string]string{"registered": c.ID})
	})
	mux.HandleFunc("DELETE /control/tokens", func(rw http.ResponseWriter, _ *http.Request) {
		w.fhir.RevokeTokens()
		rw.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /control/links/{id}", func(rw http.ResponseWriter, r *http.Request) {
		writeJSON(rw, http.StatusOK, map[string]any{"accesses": w.Accesses(r.PathValue("id"))})
	})
	mux.HandleFunc("DELETE /control/links/{id}", func(rw http.ResponseWriter, r *http.Request) {
		if !w.Revoke(r.PathValue("id")) {
			writeJSON(rw, http.StatusNotFound, map[string]string{"error": "no such link"})
			return
		}
		rw.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /control/revoke", func(rw http.ResponseWriter, r *http.Request) {
		var in struct {
			RID string `json:"rid"`
		}
		err := readJSON(r, &in)
		if err == nil {
			w.RevokeCard(in.RID)
		}
		answer(rw, err, map[string]string{"revoked": in.RID})
	})
}

func (w *World) controlBehaviour(rw http.ResponseWriter, r *http.Request) {
	b := w.Behaviour()
	var err error
	switch r.Method {
	case http.MethodGet:
	case http.MethodPost, http.MethodPut:
		if r.Method == http.MethodPut {
			b = Behaviour{}
		}
		var raw []byte
		if raw, err = io.ReadAll(http.MaxBytesReader(rw, r.Body, 1<<20)); err == nil {
			b, err = b.Merge(raw)
		}
	case http.MethodDelete:
		b = Behaviour{}
	default:
		writeJSON(rw, http.StatusMethodNotAllowed, map[string]string{"error": "GET, POST, PUT or DELETE"})
		return
	}
	if err == nil && r.Method != http.MethodGet {
		err = w.SetBehaviour(b)
	}
	answer(rw, err, b)
}

func readJSON(r *http.Request, v any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func answer(rw http.ResponseWriter, err error, v any) {
	if err != nil {
		writeJSON(rw, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	writeJSON(rw, http.StatusOK, v)
}
