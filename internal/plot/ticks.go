package plot

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// ticks marks round numbers: multiples of 1, 2 or 5 times a power of ten,
// around count of them.
func ticks(count int) plot.TickerFunc {
	return func(low, high float64) []plot.Tick {
		step := niceStep((high - low) / float64(count))
		decimals := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
		var marks []plot.Tick
		first := math.Ceil(low/step - 1e-9)
		for i := range 3 * count { // a bound, for where a float64 cannot tell one mark from the next
			value := (first + float64(i)) * step
			if value > high+1e-9*step {
				break
			}
			marks = append(marks, plot.Tick{Value: value, Label: markLabel(value, decimals)})
		}
		return marks
	}
}

// niceStep is 1, 2 or 5 times a power of ten, and near step.
func niceStep(step float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(step)))
	switch f := step / power; {
	case f < 1.5:
		return power
	case f < 3.5:
		return 2 * power
	case f < 7.5:
		return 5 * power
	}
	return 10 * power
}

// logTicks marks the powers of ten; over few of them, 2 and 5 times these too.
func logTicks(low, high float64) []plot.Tick {
	factors := []float64{1}
	if math.Log10(high/low) < 2.5 {
		factors = []float64{1, 2, 5}
	}
	every := max(1, math.Ceil(math.Log10(high/low)/6)) // decades from label to label
	var marks []plot.Tick
	for decade := math.Floor(math.Log10(low)); decade <= math.Log10(high); decade++ {
		for _, factor := range factors {
			value := factor * math.Pow(10, decade)
			if value < low*(1-1e-9) || value > high*(1+1e-9) {
				continue
			}
			label := ""
			if math.Mod(decade, every) == 0 {
				label = markLabel(value, max(0, -int(decade)))
			}
			marks = append(marks, plot.Tick{Value: value, Label: label})
		}
	}
	return marks
}

func markLabel(value float64, decimals int) string {
	switch {
	case value == 0:
		return "0"
	case decimals > 4 || math.Abs(value) >= 1e7:
		return strconv.FormatFloat(value, 'g', 3, 64)
	}
	return strconv.FormatFloat(value, 'f', decimals, 64)
}

// unlabelled keeps the marks of a ticker and drops their labels.
func unlabelled(ticker plot.Ticker) plot.TickerFunc {
	return func(low, high float64) []plot.Tick {
		marks := ticker.Ticks(low, high)
		for i := range marks {
			marks[i].Label = ""
		}
		return marks
	}
}
