"""The judgement of predictions: metrics, scores with intervals, late fusion, slices and findings in words."""
