package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// table writes the corpus' results as Markdown.
func table(w *strings.Builder, c *corpus, reps []*report, missing []string) {
	fmt.Fprintf(w, "\n%s: %d stills, %d clips. Made by `make bench-qr`; ms are CPU time of one picture, file reading and JPEG decoding left out.\n\n", filepath.Base(c.dir), len(c.stills), len(c.clips))
	w.WriteString("| reader | read % | easy | medium | hard | wrong | ms median | ms p95 | clips: median first frame | clips never read |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range reps {
		cell := func(k string) string {
			s := r.by[k]
			if s == nil {
				return ""
			}
			return fmt.Sprintf("%.0f", s.percent())
		}
		all := r.by[""]
		if all == nil {
			all = &score{}
		}
		ms := [2]string{"", ""}
		if quantile(r.ms, 1) > 0 {
			ms = [2]string{fmt.Sprintf("%.1f", quantile(r.ms, .5)), fmt.Sprintf("%.1f", quantile(r.ms, .95))}
		}
		first, never := clipCells(r.firsts)
		fmt.Fprintf(w, "| %s | %.1f | %s | %s | %s | %d | %s | %s | %s | %s |\n", r.who, all.percent(), cell("easy"), cell("medium"), cell("hard"), all.wrong+r.clipBad, ms[0], ms[1], first, never)
	}
	for _, m := range missing {
		fmt.Fprintf(w, "\nNot measured: %s.\n", m)
	}
	w.WriteString("\n| group: easy / medium / hard read |")
	for _, r := range reps {
		fmt.Fprintf(w, " %s |", r.who)
	}
	w.WriteString("\n|---|" + strings.Repeat("---|", len(reps)) + "\n")
	for _, g := range c.groups {
		fmt.Fprintf(w, "| %s |", g)
		for _, r := range reps {
			var cells []string
			for _, grade := range []string{"easy", "medium", "hard"} {
				if s := r.by[g+" "+grade]; s != nil {
					cells = append(cells, fmt.Sprintf("%d", s.right))
				}
			}
			if len(cells) == 0 { // no grades in this corpus
				fmt.Fprintf(w, " %d of %d |", r.by[g].right, r.by[g].n)
				continue
			}
			fmt.Fprintf(w, " %s of %d |", strings.Join(cells, " / "), r.by[g].n/len(cells))
		}
		w.WriteString("\n")
	}
	if len(c.clips) == 0 || len(reps) == 0 || len(reps[0].firsts) == 0 {
		return
	}
	w.WriteString("\n| clip: first frame read |")
	for _, r := range reps {
		fmt.Fprintf(w, " %s |", r.who)
	}
	w.WriteString("\n|---|" + strings.Repeat("---|", len(reps)) + "\n")
	for i, k := range c.clips {
		fmt.Fprintf(w, "| %s %s |", k.ID, k.Style)
		for _, r := range reps {
			if r.firsts[i] < 0 {
				w.WriteString(" never |")
			} else {
				fmt.Fprintf(w, " %d |", r.firsts[i])
			}
		}
		w.WriteString("\n")
	}
}

// clipCells is the median first frame (a clip never read counts as the last)
// and how many were never read.
func clipCells(firsts []int) (median, never string) {
	if len(firsts) == 0 {
		return "", ""
	}
	var v []float64
	n := 0
	for _, f := range firsts {
		if f < 0 {
			n++
			f = 60
		}
		v = append(v, float64(f))
	}
	return fmt.Sprintf("%.0f", quantile(v, .5)), fmt.Sprintf("%d", n)
}
