;;; answer.el --- Answer questions of a test -*- lexical-binding: t; -*-

;;; Commentary:

;; Run as `emacs -Q --batch -l answer.el -l FILE -f answer-all FUNCTION IN OUT'.  IN is a JSON file,
;; a list of questions; the list of what FUNCTION of FILE returns for each goes to OUT.

;;; Code:

;; Most of the time would go into collecting garbage.
(setq gc-cons-threshold (* 64 1024 1024))

(require 'json)

(defun answer-all ()
  "Answer the questions in the file that the command line names."
  (let* ((json-array-type 'list) (json-object-type 'plist) (coding-system-for-write 'utf-8-unix)
         (coding-system-for-read 'utf-8-unix)
         (function (intern (pop command-line-args-left)))
         (questions (json-read-file (pop command-line-args-left))))
    (with-temp-file (pop command-line-args-left)
      (insert (json-encode (vconcat (mapcar function questions)))))))

;;; answer.el ends here
