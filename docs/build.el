;;; build.el --- Build the manual  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; emacs -Q --batch -l docs/build.el FOLDER
;;
;; Writes explog.html, explog.texi and explog.info, made from explog.org,
;; to FOLDER, and the pictures that the first of them shows.  `makeinfo' has to be there.

;;; Code:

(require 'ox-html)
(require 'ox-texinfo)

(let ((folder (file-name-as-directory (expand-file-name (pop command-line-args-left))))
      (source (expand-file-name "explog.org" (file-name-directory load-file-name)))
      (org-html-validation-link nil)
      (org-html-postamble nil)
      (org-export-time-stamp-file nil)
      (org-html-htmlize-output-type nil)
      (make-backup-files nil))
  (make-directory folder t)
  (copy-directory (expand-file-name "pictures" (file-name-directory source))
                  (concat folder "pictures") nil t t)
  (with-current-buffer (find-file-noselect source)
    (let ((org-export-exclude-tags (cons "info" org-export-exclude-tags)))
      (org-export-to-file 'html (concat folder "explog.html")))
    (let ((texi (org-export-to-file 'texinfo (concat folder "explog.texi"))))
      (with-temp-buffer
        (unless (and (eq 0 (call-process "makeinfo" nil t nil "--no-split" "--error-limit=0"
                                         "--output" (concat folder "explog.info") texi))
                     (zerop (buffer-size)))       ; a warning is as good as an error
          (princ (buffer-string))
          (kill-emacs 1))))))

;;; build.el ends here
