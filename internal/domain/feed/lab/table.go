package lab

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Table writes results for people.
func Table(out io.Writer, results []Result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	ease := 0.0
	for _, r := range results {
		if r.Name == "ease" {
			ease = r.NDCG
		}
	}
	_, _ = fmt.Fprintln(w, "policy\tnDCG\tof EASE\tHR\tvideos\tcreators\tGini\tFS50\ttop 1 %\tentropy\tILD\tnovelty\tnew\tseconds\t")
	for _, r := range results {
		_, _ = fmt.Fprintf(w, "%s\t%.4f\t%.0f %%\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.2f\t%.3f\t%.2f\t%.1f %%\t%.1f\t\n",
			r.Name, r.NDCG, 100*r.NDCG/max(ease, 1e-9), r.HR, r.Coverage, r.CreatorCoverage, r.CreatorGini, r.FS50, r.Top1,
			r.Entropy, r.ILD, r.Novelty, 100*r.NewShare, r.Seconds)
	}
	return w.Flush()
}
