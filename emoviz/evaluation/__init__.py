"""How predictions are judged: metrics, scores with intervals, late fusion, slices and findings in words."""
