package say

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Jack knows whether headphones are plugged in, as far as anybody tells.
type Jack struct {
	mu      sync.Mutex
	plugged bool
	changed []func(plugged bool)
}

// Plugged tells whether headphones are known to be plugged in.
func (j *Jack) Plugged() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.plugged
}

// Set tells the jack what was found; listeners hear of a change.
func (j *Jack) Set(plugged bool) {
	j.mu.Lock()
	changed := j.plugged != plugged
	j.plugged = plugged
	listeners := j.changed
	j.mu.Unlock()
	if changed {
		for _, f := range listeners {
			f(plugged)
		}
	}
}

// OnChange calls f whenever headphones are plugged in or pulled out: plugging
// them in is how speech is switched on (kiosk-people U13).
func (j *Jack) OnChange(f func(plugged bool)) { j.onChange(f) }

func (j *Jack) onChange(f func(bool)) {
	j.mu.Lock()
	j.changed = append(j.changed, f)
	j.mu.Unlock()
}

// Probe tells whether headphones are plugged in; known is false when nobody
// can tell, which counts as no.
type Probe func(ctx context.Context) (plugged, known bool)

// Watch asks the probe again and again until ctx ends. An answer that does not
// come within the pause counts as no.
func (j *Jack) Watch(ctx context.Context, probe Probe, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		limited, done := context.WithTimeout(ctx, every)
		plugged, known := probe(limited)
		done()
		j.Set(plugged && known)
		select {
		case <-ctx.Done():
			j.Set(false)
			return
		case <-tick.C:
		}
	}
}

// SystemProbe asks the sound server (pactl), else the sound cards (amixer).
func SystemProbe(ctx context.Context) (plugged, known bool) {
	if out, ok := ask(ctx, "pactl", "list", "sinks"); ok {
		if sink, ok := ask(ctx, "pactl", "get-default-sink"); ok {
			if plugged, known = fromPactl(out, strings.TrimSpace(string(sink))); known {
				return plugged, true
			}
		}
	}
	for card := range 4 {
		out, ok := ask(ctx, "amixer", "-c", string(rune('0'+card)), "contents")
		if !ok {
			continue
		}
		p, k := fromAmixer(out)
		plugged, known = plugged || p, known || k
	}
	return plugged, known
}

func ask(ctx context.Context, name string, args ...string) ([]byte, bool) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, false
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	return out, err == nil
}

// fromPactl reads "pactl list sinks": the port that the default sink uses must
// be one for headphones or a headset, and not said to be unavailable.
func fromPactl(out []byte, sink string) (plugged, known bool) {
	mine, ports := false, map[string]string{}
	inPorts := false
	for line := range bytes.Lines(out) {
		text := strings.TrimSpace(string(line))
		switch {
		case strings.HasPrefix(text, "Name: "):
			mine = strings.TrimPrefix(text, "Name: ") == sink
			clear(ports)
		case !mine:
		case text == "Ports:":
			inPorts = true
		case strings.HasPrefix(text, "Active Port: "):
			port := ports[strings.TrimPrefix(text, "Active Port: ")]
			if port == "" {
				return false, false
			}
			worn := strings.Contains(port, "type: Headphones") || strings.Contains(port, "type: Headset") ||
				strings.Contains(port, "type: Earpiece")
			return worn && !strings.Contains(port, "not available"), true
		case inPorts:
			if name, rest, ok := strings.Cut(text, ": "); ok {
				ports[name] = rest
			}
		}
	}
	return false, false
}

// fromAmixer reads "amixer contents": the jack-detection switches of the card,
// such as 'Headphone Jack' with values=on.
func fromAmixer(out []byte) (plugged, known bool) {
	jack := false
	for line := range bytes.Lines(out) {
		text := string(line)
		switch {
		case strings.HasPrefix(text, "numid="):
			lower := strings.ToLower(text)
			jack = strings.Contains(lower, "headphone") && strings.Contains(lower, "jack") && strings.Contains(lower, "iface=card")
		case jack && strings.Contains(text, ": values="):
			known = true
			plugged = plugged || strings.Contains(text, "values=on")
			jack = false
		}
	}
	return plugged, known
}
