;;; steps.el --- What explog-steps.el makes of a text -*- lexical-binding: t; -*-

;;; Commentary:

;; Answers a text that begins with the heading of an experiment by the list of its steps, each as
;; [NUMBER LINE BOX]; see answer.el.  Lines count from 0.

;;; Code:

(require 'explog-steps)

(defun steps-of (text)
  "Return the steps of the experiment that is TEXT."
  (with-temp-buffer
    (insert text)
    (goto-char (point-min))
    (vconcat (mapcar (pcase-lambda (`(,number ,start ,_ ,box))
                       (vector number (1- (line-number-at-pos start)) box))
                     (explog-steps)))))

;;; steps.el ends here
