;;; steps.el --- What explog-steps.el makes of a text -*- lexical-binding: t; -*-

;;; Commentary:

;; Run as `emacs -Q --batch -L ELISP -l steps.el -f steps-answer IN OUT'.  IN is a JSON file, a list
;; of texts that begin with the heading of an experiment; the list of their steps goes to OUT, each
;; as [NUMBER LINE BOX].  Lines count from 0.

;;; Code:

;; Most of the time would go into collecting garbage.
(setq gc-cons-threshold (* 64 1024 1024))

(require 'explog-steps)
(require 'json)

(defun steps-answer ()
  "Answer the questions in the file that the command line names."
  (let* ((json-array-type 'list) (coding-system-for-write 'utf-8-unix)
         (coding-system-for-read 'utf-8-unix)
         (texts (json-read-file (pop command-line-args-left))))
    (with-temp-file (pop command-line-args-left)
      (insert (json-encode (vconcat (mapcar #'steps-of texts)))))))

(defun steps-of (text)
  "Return the steps of the experiment that is TEXT."
  (with-temp-buffer
    (insert text)
    (goto-char (point-min))
    (vconcat (mapcar (pcase-lambda (`(,number ,start ,_ ,box))
                       (vector number (1- (line-number-at-pos start)) box))
                     (explog-steps)))))

;;; steps.el ends here
