// Command bench runs this project's QR reader and its peers over a corpus of
// pictures and clips, and writes one Markdown table.
//
//	go run ./camera/qr/bench [-readme README.md] [-clips=false] -corpus CORPUS [CORPUS...]
//
// A corpus is a directory with a manifest.jsonl as shared/corpus/qr makes it.
// Peers: plain gozxing (TRY_HARDER and inverted) in this process; zbar through
// zbarimg; zxing-cpp of Debian through a small program compiled against
// libzxing-dev; zxing-cpp 3 through npm's zxing-wasm, installed under
// .interop/ when npm is there. A peer that is missing is named as missing.
//
// Times are CPU time of one picture without reading and decoding the file.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	readme := flag.String("readme", "", "file whose text between <!-- bench-qr --> and <!-- /bench-qr --> is replaced")
	clips := flag.Bool("clips", true, "run the clips too")
	only := flag.String("only", "", "only pictures and clips whose id contains this")
	verbose := flag.Bool("v", false, "name each picture that our reader misses")
	alone := flag.Bool("alone", false, "our reader only")
	who := flag.String("reader", "", "only readers whose name contains this")
	interop := flag.String("interop", ".interop", "directory for the peers' programs; not under version control")
	corpusDir := flag.String("corpus", "", "a corpus; more may follow as arguments")
	flag.Parse()
	dirs := flag.Args()
	if *corpusDir != "" {
		dirs = append([]string{*corpusDir}, dirs...)
	}
	if len(dirs) == 0 {
		return fmt.Errorf("name a corpus directory, for instance ../shared/corpus/qr")
	}
	var out strings.Builder
	for _, dir := range dirs {
		c, err := loadCorpus(dir, *only)
		if err != nil {
			return err
		}
		readers := []reader{ours{}}
		var missing []string
		if !*alone {
			readers = append(readers, plain{})
			peers, gone := findPeers(*interop)
			readers, missing = append(readers, peers...), gone
		}
		var reports []*report
		for _, r := range readers {
			if !strings.Contains(r.name(), *who) {
				continue
			}
			rep, err := measure(r, c, *clips, *verbose)
			if err != nil {
				missing = append(missing, r.name()+": "+err.Error())
				continue
			}
			fmt.Fprintln(os.Stderr, rep.line())
			reports = append(reports, rep)
		}
		table(&out, c, reports, missing)
	}
	fmt.Print(out.String())
	if *readme != "" {
		return replaceBetween(*readme, "<!-- bench-qr -->", "<!-- /bench-qr -->", out.String())
	}
	return nil
}

// replaceBetween puts text between two marker lines of a file.
func replaceBetween(file, from, to, text string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the file with the markers: %w", err)
	}
	s := string(b)
	i := strings.Index(s, from)
	j := strings.Index(s, to)
	if i < 0 || j < i {
		return fmt.Errorf("%s has no %s ... %s", file, from, to)
	}
	s = s[:i+len(from)] + "\n" + text + s[j:]
	return os.WriteFile(file, []byte(s), 0o644)
}

// quantile of sorted values.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[min(int(q*float64(len(v))), len(v)-1)]
}
