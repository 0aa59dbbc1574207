"""What Yinchuan's plan lacks to reach its share of nursing beds, and what Xi'an's building plan costs at the caps."""

import subsidy

yinchuan = subsidy.targets(subsidy.schedule("cn/yinchuan/elderly-care"))
print(yinchuan.counts())
print(*(line for line in yinchuan.sentences("en") if "nursing beds" in line), sep="\n")

xian = subsidy.targets(subsidy.schedule("cn/xian/elderly-care"))
print(*(line for line in xian.sentences("en") if "caps of items 10 and 11" in line), sep="\n")
